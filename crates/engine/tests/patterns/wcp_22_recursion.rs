//! WCP-22: a task can call its own process. The runtime does not carry calls between instances yet; here the script does.

use super::harness::Run;
use super::support::flow;
use heddle_engine::kernel::{ChildStart, Command};
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::value::{Value, json};

fn factorial() -> String {
    let nodes = "
        id: more, type: decision
        id: self, type: call, config: { workflow: factorial, input: { n: '${n - 1}' } }, output: { result: '${n * output.result}' }
        id: one, type: task, output: { result: '${1}' }";
    flow(nodes, "start>more more>self?n>1 more>one?else self>done one>done")
        .replace("name: pattern", "name: factorial\noutputs: { result: '${result}' }")
}

/// Runs an instance and, for each call, another one; what it gave, or how deep it would have had to go.
fn run(yaml: &str, input: Value, depth: u32) -> Result<Value, String> {
    if depth > 64 {
        return Err("recursion_limit".to_owned());
    }
    let mut own = Run::start(yaml, input);
    while let Some(child) = own.effects.children.pop() {
        let ChildStart { number, workflow, input, .. } = child;
        assert_eq!(&*workflow, "factorial");
        let result = run(yaml, (*input.0).clone(), depth + 1)
            .map_err(|code| TaskError::new(ErrorClass::Business, code, "too deep").permanent());
        own.step(Command::ChildEnded { number, result }).unwrap();
        let late = Command::ChildEnded { number, result: Ok(json!(null)) };
        assert!(own.step(late).is_err(), "an end is heard once");
    }
    match &own.state.error {
        Some(error) => Err(error.code.clone()),
        None => Ok((*own.state.output.as_ref().unwrap().0).clone()),
    }
}

#[test]
fn factorial_of_five() {
    assert_eq!(run(&factorial(), json!({ "n": 5 }), 1), Ok(json!({ "result": 120 })));
}

#[test]
fn the_sixty_fifth_call_is_an_error_that_every_caller_hears() {
    assert_eq!(run(&factorial(), json!({ "n": 100 }), 1), Err("recursion_limit".to_owned()));
}
