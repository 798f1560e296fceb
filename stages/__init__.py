"""One thin file per DVC stage: read parameters, call the library, write outputs and metrics. Nothing imports these."""
