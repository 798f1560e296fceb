"""The command `limi`: one small file per subcommand."""
