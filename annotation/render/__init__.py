"""What an annotator sees of a pull request: texts of strangers as HTML that can neither run nor fetch anything, made here alone."""
