"""Drivers: one folder per device, each with a port, one file per wire, and a simulated peer.

A driver knows bytes and pins and nothing about selling. Imports only `protocol`.
"""
