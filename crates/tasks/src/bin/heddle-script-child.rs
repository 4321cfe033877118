//! The process of a script alone, for tests: in the product it is `heddle` itself. With `probe` it tries what it must not be able to do.

use std::process::ExitCode;

/// The one of the product: what it takes of the address space counts against a script's limit.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(heddle_tasks::script::CHILD) => heddle_tasks::script::child(),
        Some("probe") => probe(),
        _ => ExitCode::FAILURE,
    }
}

/// Prints what still works after the limits stand; everything should not.
fn probe() -> ExitCode {
    if heddle_tasks::script::confine(64, 250).is_err() {
        return ExitCode::FAILURE;
    }
    let tries = [
        ("file", std::fs::File::open("/etc/passwd").is_ok()),
        ("folder", std::fs::create_dir("/tmp/heddle-script-probe").is_ok()),
        ("socket", std::net::UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("program", std::process::Command::new("/bin/true").status().is_ok()),
        ("thread", std::thread::Builder::new().spawn(|| ()).is_ok()),
        ("memory", Vec::<u8>::new().try_reserve(512 * 1024 * 1024).is_ok()),
        ("working folder", std::env::current_dir().is_ok()),
    ];
    let possible: Vec<_> = tries.iter().filter(|(_, works)| *works).map(|(what, _)| *what).collect();
    println!("possible: {}", possible.join(", "));
    ExitCode::SUCCESS
}
