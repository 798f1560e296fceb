//! The command line tool.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;

use sprocket::{Decoder, Encoder};

const USAGE: &str = "usage: sprocket compress|decompress INPUT OUTPUT";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sprocket: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> io::Result<()> {
    let [command, input, output] = args else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE));
    };
    let mut reader = BufReader::new(File::open(input)?);
    let mut writer = BufWriter::new(File::create(output)?);
    match command.as_str() {
        "compress" => {
            let mut encoder = Encoder::new(writer)?;
            io::copy(&mut reader, &mut encoder)?;
            encoder.finish()?;
        }
        "decompress" => {
            io::copy(&mut Decoder::new(reader), &mut writer)?;
            writer.flush()?;
        }
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE)),
    }
    Ok(())
}
