"""Coach: a voice-guided audio coach."""
