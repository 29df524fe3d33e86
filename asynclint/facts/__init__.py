"""What can be known of the code with the stdlib `ast` alone, one module at a time and then joined."""
