"""What a profile may say of each module: every setting, its type, its meaning and its only default; a file a room."""
