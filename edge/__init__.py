"""The machine's runtime: what stands between the devices and the cloud. Works with neither screen nor network."""
