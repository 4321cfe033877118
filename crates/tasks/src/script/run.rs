//! One script in the engine (QuickJS): within memory, stack and time, with `input` and `console`, and nothing else of the world.

use super::wire::{Answer, Order};
use heddle_model::limits;
use rquickjs::function::Function;
use rquickjs::promise::PromiseState;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Runtime, Value};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// `console`, which gathers lines, and what hands them over.
const PRELUDE: &str = r#"(function (most, room) {
  "use strict";
  const lines = [], show = (value) => typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  const level = (name) => (...values) => {
    const text = values.map(show).join(" ").slice(0, room);
    room -= text.length;
    if (lines.length < most && room >= 0) lines.push([name, text]);
  };
  globalThis.console = { log: level("info"), info: level("info"), debug: level("debug"), warn: level("warn"), error: level("error") };
  return lines;
})"#;

/// Runs a script to its end. The process is confined already.
pub(super) fn run(order: &Order) -> Answer {
    let Ok(runtime) = Runtime::new() else { return Answer::Memory };
    runtime.set_memory_limit(usize::try_from(order.memory_mb * 1024 * 1024).unwrap_or(usize::MAX));
    runtime.set_max_stack_size(limits::SCRIPT_STACK_BYTES);
    let clock = Clock { limit: Duration::from_millis(order.time_ms), rang: Rc::default() };
    let watch = clock.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || watch.is_over())));
    let Ok(context) = Context::full(&runtime) else { return Answer::Memory };
    context.with(|ctx| match evaluate(&ctx, order, &clock) {
        Ok(answer) | Err(answer) => answer,
    })
}

/// Processor time of this process, which has nothing else to do.
#[derive(Clone)]
struct Clock {
    limit: Duration,
    rang: Rc<Cell<bool>>,
}

impl Clock {
    fn is_over(&self) -> bool {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let used = Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).unwrap_or(0));
        self.rang.set(self.rang.get() || used > self.limit);
        self.rang.get()
    }
}

fn evaluate(ctx: &Ctx<'_>, order: &Order, clock: &Clock) -> Result<Answer, Answer> {
    let failed = |error: CaughtError<'_>| thrown(&error, clock);
    let prelude: Function<'_> = ctx.eval(PRELUDE).catch(ctx).map_err(failed)?;
    let lines: Value<'_> =
        prelude.call((limits::SCRIPT_LOG_LINES, limits::LOG_MESSAGE_BYTES)).catch(ctx).map_err(failed)?;
    let input = ctx.json_parse(order.input.to_string()).catch(ctx).map_err(failed)?;
    let source = format!("(async function (input) {{\"use strict\";\n{}\n}})", order.source);
    let function = ctx.eval::<Function<'_>, _>(source).catch(ctx);
    let function = function.map_err(|error| match thrown(&error, clock) {
        Answer::Thrown { message, .. } => Answer::Syntax { message },
        other => other,
    })?;
    let result: Value<'_> = function.call((input,)).catch(ctx).map_err(failed)?;
    let result = settled(ctx, result, clock)?;
    let result = text(ctx, result).map_err(|error| match thrown(&error, clock) {
        Answer::Thrown { message, .. } => Answer::NotJson { message },
        other => other,
    })?;
    let logs = text(ctx, lines).ok().and_then(|lines| serde_json::from_str(&lines).ok()).unwrap_or_default();
    Ok(if result.len() > limits::SCRIPT_RESULT_BYTES { Answer::TooLarge } else { Answer::Done { result, logs } })
}

/// What a promise comes to; a value that is none is itself (a source may close its function early).
fn settled<'js>(ctx: &Ctx<'js>, value: Value<'js>, clock: &Clock) -> Result<Value<'js>, Answer> {
    let Some(promise) = value.as_promise() else { return Ok(value) };
    while promise.state() == PromiseState::Pending {
        if clock.is_over() {
            return Err(Answer::Cpu);
        }
        if !ctx.execute_pending_job() {
            // A job that was interrupted also says that there is none.
            return Err(if clock.rang.get() { Answer::Cpu } else { Answer::Pending });
        }
    }
    match promise.result::<Value<'js>>() {
        Some(result) => result.catch(ctx).map_err(|error| thrown(&error, clock)),
        None => Err(Answer::Pending),
    }
}

/// A value as JSON; what JSON does not know is null.
fn text<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<String, CaughtError<'js>> {
    match ctx.json_stringify(value).catch(ctx)? {
        Some(text) => text.to_string().catch(ctx),
        None => Ok("null".to_owned()),
    }
}

/// What was thrown, as an answer. Reading it may run the script's own code again, within the same limits.
fn thrown(error: &CaughtError<'_>, clock: &Clock) -> Answer {
    let short = |text: String| text.chars().take(limits::SCRIPT_MESSAGE_CHARS).collect::<String>();
    let (code, message, place) = match error {
        CaughtError::Exception(exception) => {
            let name = exception.get::<_, String>("name").unwrap_or_default();
            let message = exception.message().unwrap_or_default();
            if name == "InternalError" && message == "out of memory" {
                return Answer::Memory;
            }
            let place = exception.stack().and_then(|stack| stack.lines().next().map(|line| line.trim().to_owned()));
            let shown = if name.is_empty() || name == "Error" { message } else { format!("{name}: {message}") };
            (exception.get::<_, String>("code").ok(), shown, place)
        }
        CaughtError::Value(value) => {
            let shown = value.as_string().and_then(|text| text.to_string().ok());
            (None, shown.unwrap_or_else(|| format!("a value of type {} was thrown", value.type_name())), None)
        }
        CaughtError::Error(rquickjs::Error::Allocation) => return Answer::Memory,
        CaughtError::Error(error) => (None, error.to_string(), None),
    };
    if clock.is_over() {
        return Answer::Cpu;
    }
    Answer::Thrown { code, message: short(message), place: place.map(short) }
}
