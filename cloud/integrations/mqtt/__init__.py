"""MQTT: the client of the intake, and the embedded broker."""
