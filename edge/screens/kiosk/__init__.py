"""The touchscreen in Kivy: draws the controller's view, sends presses back, decides nothing."""
