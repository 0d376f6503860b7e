"""Music as notes: brief, harmony, melody, arrangement, judgement; MIDI and ABC both ways."""
