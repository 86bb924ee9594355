"""MQTT in: pages to the store, acknowledgements out; and the broker, where the user has none."""
