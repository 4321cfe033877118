//! What an evaluation may look up.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The names that an expression sees. Every method is asked only for what the expression names, when it is needed.
pub trait Scope {
    /// The value of a root name: a variable, or one of `input`, `instance`, `output`, `error`, `item`, `index`, `secrets` where they
    /// exist, or `nodes` as one object (asked only for `nodes[…]` with a computed id).
    fn get(&self, name: &str) -> Option<Arc<Value>>;

    /// The step's time in Unix milliseconds: what `now()` gives during the whole evaluation.
    fn now_ms(&self) -> i64;

    /// The variable of this name, for `vars["name"]`. Differs from [`Scope::get`] where a variable has the name of another root.
    fn variable(&self, name: &str) -> Option<Arc<Value>> {
        self.get(name)
    }

    /// All variables as one object: asked only where an expression uses `vars` with a computed name or as a whole.
    fn variables(&self) -> Option<Arc<Value>> {
        None
    }

    /// The object of one node (`output`, `status`, `attempt`), for `nodes.<id>`.
    fn node(&self, id: &str) -> Option<Arc<Value>> {
        let _ = id;
        None
    }

    /// The output of one node, for `nodes.<id>.output`: worth an implementation that shares it, since it may be large.
    fn node_output(&self, id: &str) -> Option<Arc<Value>> {
        self.node(id)?.get("output").cloned().map(Arc::new)
    }
}

impl<S: Scope + ?Sized> Scope for &S {
    fn get(&self, name: &str) -> Option<Arc<Value>> {
        (**self).get(name)
    }
    fn now_ms(&self) -> i64 {
        (**self).now_ms()
    }
    fn variable(&self, name: &str) -> Option<Arc<Value>> {
        (**self).variable(name)
    }
    fn variables(&self) -> Option<Arc<Value>> {
        (**self).variables()
    }
    fn node(&self, id: &str) -> Option<Arc<Value>> {
        (**self).node(id)
    }
    fn node_output(&self, id: &str) -> Option<Arc<Value>> {
        (**self).node_output(id)
    }
}

/// A scope of given values: for previews, tests and small embeddings.
#[derive(Debug, Clone, Default)]
pub struct MapScope {
    /// Variables and other roots by name.
    pub names: BTreeMap<String, Arc<Value>>,
    /// Node objects by id.
    pub nodes: BTreeMap<String, Arc<Value>>,
    /// What `now()` gives, in Unix milliseconds.
    pub now_ms: i64,
}

impl MapScope {
    /// A scope whose variables are the entries of a JSON object; anything else has none.
    pub fn of(variables: Value) -> Self {
        let names = match variables {
            Value::Object(map) => map.into_iter().map(|(name, value)| (name, Arc::new(value))).collect(),
            _ => BTreeMap::new(),
        };
        Self { names, ..Self::default() }
    }
}

impl Scope for MapScope {
    fn get(&self, name: &str) -> Option<Arc<Value>> {
        if name == "nodes" && !self.nodes.is_empty() {
            return Some(Arc::new(self.nodes.iter().map(|(id, value)| (id.clone(), (**value).clone())).collect()));
        }
        self.names.get(name).cloned()
    }
    fn now_ms(&self) -> i64 {
        self.now_ms
    }
    fn variables(&self) -> Option<Arc<Value>> {
        Some(Arc::new(self.names.iter().map(|(name, value)| (name.clone(), (**value).clone())).collect()))
    }
    fn node(&self, id: &str) -> Option<Arc<Value>> {
        self.nodes.get(id).cloned()
    }
}
