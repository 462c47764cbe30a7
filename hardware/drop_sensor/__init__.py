"""The drop sensor."""
