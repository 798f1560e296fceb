"""Sessions that other programs recorded, read into the archive: one module for each format, `formats.import_file` for all of them."""
