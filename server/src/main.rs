//! The program `heddle`: reads the command line and does what it says.

use std::process::ExitCode;

fn main() -> ExitCode {
    heddle_server::cmd::main()
}
