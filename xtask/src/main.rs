//! The project's own commands. This file only reads the command line; each command has a file of its own.
//! Nothing here is part of the product, and nothing of the product may depend on it.

mod bench;
mod dev;
mod layers;
mod pages;
mod server;
mod setup;
mod shell;
mod site;
mod size;
mod test;
mod tidy;
mod workspace;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <command>

  run [--release] [-- ARGS]     set up what is missing, build, and start `heddle serve ARGS`
  dev [-- ARGS]                 the same, and again after every change of a source file
  build [--release]             build the pages and the server; the binary is target/{debug,release}/heddle
  test [--quick|--long] [NAME]  all tests; --quick: without browsers, databases' crash rounds and lints; --long: 25 crash rounds
  layers                        check who may depend on whom
  tidy                          check files and links: lengths, openings, what must not be committed
  size                          check the size of the release WebAssembly (600 KB gzipped)
  pages                         write the pages that are made from code: docs/errors
  bench [--small] [NAME]        measure the engine and its floor, in the same run
  setup                         only set up what is missing";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = dispatch(&args) {
        eprintln!("error: {error:#}");
        std::process::exit(1);
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else {
        println!("{USAGE}");
        return Ok(());
    };
    let (own, passed) = split_at_dashes(rest);
    let profile = if own.iter().any(|a| a == "--release") { site::Profile::Release } else { site::Profile::Dev };
    match command.as_str() {
        "run" => server::run(profile, passed),
        "dev" => dev::watch(passed),
        "build" => server::build(profile).map(|_| ()),
        "test" => test::run(&test::Wish::parse(own)?),
        "layers" => layers::check(),
        "tidy" => tidy::check(),
        "size" => size::check(),
        "pages" => pages::write(),
        "bench" => bench::run(rest),
        "setup" => setup::everything(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("no command `{other}`\n\n{USAGE}"),
    }
}

/// What stands before a `--` is ours, what stands after it is handed on.
fn split_at_dashes(args: &[String]) -> (&[String], &[String]) {
    match args.iter().position(|a| a == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, &[]),
    }
}
