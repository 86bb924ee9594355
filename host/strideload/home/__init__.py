"""What is at home for other programs to show: Home Assistant by discovery, and plain MQTT for any other."""
