// Loaded before Prism: its standard input is a pipe that the test process holds, so it ends however that process ends.
process.stdin.resume().on('end', () => process.exit()).on('error', () => process.exit());
