//! WCP-22: a task can call its own process. Here the script carries what passes between the instances, as the runtime does.

use super::harness::Run;
use super::support::flow;
use heddle_engine::kernel::{Caller, ChildStart, Command};
use heddle_engine::tasks::TaskError;
use heddle_model::value::{Value, json};

fn factorial() -> String {
    let nodes = "
        id: more, type: decision
        id: self, type: call, config: { workflow: factorial, input: { n: '${n - 1}' } }, output: { result: '${n * output.result}' }
        id: one, type: task, output: { result: '${1}' }";
    flow(nodes, "start>more more>self?n>1 more>one?else self>done one>done")
        .replace("name: pattern", "name: factorial\noutputs: { result: '${result}' }")
}

/// Goes on with an instance and, for each call, with another one; what it gave, or failed with.
fn run(yaml: &str, mut own: Run) -> Result<Value, TaskError> {
    while let Some(child) = own.effects.children.pop() {
        let ChildStart { number, workflow, input, wait, depth, .. } = child;
        assert_eq!(&*workflow, "factorial");
        let caller = Caller { instance: own.state.id, number, wait, depth };
        let result = run(yaml, Run::called(yaml, (*input.0).clone(), caller));
        own.step(Command::ChildEnded { number, result }).unwrap();
        let late = Command::ChildEnded { number, result: Ok(json!(null)) };
        assert!(own.step(late).is_err(), "an end is heard once");
    }
    if let Some(caller) = own.state.caller {
        assert_eq!(own.effects.ended.as_ref().map(|(told, _)| *told), Some(caller), "its caller is told");
    }
    match &own.state.error {
        Some(error) => Err(error.into()),
        None => Ok((*own.state.output.as_ref().unwrap().0).clone()),
    }
}

#[test]
fn factorial_of_five() {
    assert_eq!(run(&factorial(), Run::start(&factorial(), json!({ "n": 5 }))), Ok(json!({ "result": 120 })));
}

#[test]
fn the_sixty_fifth_call_is_an_error_that_every_caller_hears() {
    // The sum of the first numbers does not grow as fast as their product.
    let sum = factorial().replace("${n * output.result}", "${n + output.result}");
    let deep = |n: u32| run(&sum, Run::start(&sum, json!({ "n": n }))).map_err(|error| error.code);
    assert_eq!(deep(65), Ok(json!({ "result": 65 * 66 / 2 })), "64 calls");
    assert_eq!(deep(66), Err("RECURSION_LIMIT".to_owned()));
}
