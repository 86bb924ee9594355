"""What goes over the wire: byte offsets, topic names, messages. Nothing else on the host knows them."""
