"""Makes what hardware/ and docs/pictures/ hold from their sources: wiring, clip, power table."""
