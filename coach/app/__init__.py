"""What a person can have done with a routine, one module for each: for the command line or any other face."""
