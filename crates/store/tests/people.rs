//! Settings, workspaces, accounts, sign-ins.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{AT, Fixture, audit, fresh, user, workspace};
use heddle_model::ids::{SessionId, UserId, WorkspaceId};
use heddle_store::StoreError;
use heddle_store::query::{SessionRow, UserRow, WorkspaceRow};

on_both!(
    settings_keep_the_first_value_where_asked,
    the_first_administrator_is_made_once,
    the_first_administrator_takes_a_standing_workspace,
    names_and_addresses_are_unique,
    a_refused_account_leaves_nothing,
    accounts_are_found_by_name_or_address,
    failures_and_passwords_are_remembered,
    members_have_a_role_per_workspace,
    sessions_are_found_by_their_hash_only,
    sessions_are_pruned,
);

async fn settings_keep_the_first_value_where_asked(it: &Fixture) {
    let store = &it.store;
    assert_eq!(store.setting("key").await.unwrap(), None);
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.setting_put_if_absent("key", &n.to_string()).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    store.setting_put("key", "值").await.unwrap();
    assert_eq!(store.setting("key").await.unwrap().as_deref(), Some("值"));
    assert!(store.setting_delete("key").await.unwrap());
    assert!(!store.setting_delete("key").await.unwrap());
}

async fn home(it: &Fixture, name: &str) -> WorkspaceRow {
    let row = workspace(name);
    it.store.workspace_insert(row.clone(), audit(None, "workspace.create")).await.unwrap();
    row
}

async fn the_first_administrator_is_made_once(it: &Fixture) {
    assert!(!it.store.any_user().await.unwrap());
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let store = it.store.clone();
            let place = workspace("default");
            let first = user(&format!("admin{n}"), place.id);
            tokio::spawn(async move {
                store.create_first_admin(place.clone(), first, "owner", audit(Some(place.id), "setup")).await.unwrap()
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap());
    }
    assert_eq!(made, 1);
    assert!(it.store.any_user().await.unwrap());
    assert_eq!(it.store.workspaces().await.unwrap().len(), 1);
}

async fn the_first_administrator_takes_a_standing_workspace(it: &Fixture) {
    let standing = home(it, "默认").await;
    let (other, first) = (workspace("默认"), user("Root", WorkspaceId::from_u128(fresh())));
    let id = first.id;
    assert!(it.store.create_first_admin(other.clone(), first, "owner", audit(Some(other.id), "setup")).await.unwrap());
    assert_eq!(it.store.user(id).await.unwrap().unwrap().default_workspace, standing.id);
    assert_eq!(it.store.memberships(id).await.unwrap(), [(standing.clone(), "owner".to_owned())]);
    assert_eq!(it.store.audit(Some(standing.id), None, 10).await.unwrap()[0].1.action, "setup");
}

async fn names_and_addresses_are_unique(it: &Fixture) {
    let place = home(it, "w").await;
    assert_eq!(it.store.workspace_insert(workspace("w"), audit(None, "a")).await, Err(StoreError::Taken("name")));
    let first = user("Ada", place.id);
    it.store.user_insert(first.clone(), place.id, "admin", audit(Some(place.id), "user.create")).await.unwrap();
    let same_name = UserRow { email: None, ..user("ADA", place.id) };
    assert_eq!(
        it.store.user_insert(same_name, place.id, "admin", audit(None, "a")).await,
        Err(StoreError::Taken("name"))
    );
    let same_address = UserRow { email: first.email.clone(), ..user("Grace", place.id) };
    assert_eq!(
        it.store.user_insert(same_address, place.id, "admin", audit(None, "a")).await,
        Err(StoreError::Taken("email"))
    );
    for name in ["one", "two"] {
        let without = UserRow { email: None, ..user(name, place.id) };
        it.store.user_insert(without, place.id, "viewer", audit(None, "a")).await.unwrap();
    }
}

async fn a_refused_account_leaves_nothing(it: &Fixture) {
    let place = home(it, "w").await;
    let before = it.store.audit_count(None).await.unwrap();
    let lost = user("lost", place.id);
    let nowhere = WorkspaceId::from_u128(fresh());
    assert!(it.store.user_insert(lost.clone(), nowhere, "viewer", audit(None, "user.create")).await.is_err());
    assert_eq!(it.store.user(lost.id).await.unwrap(), None);
    assert_eq!(it.store.audit_count(None).await.unwrap(), before);
}

async fn accounts_are_found_by_name_or_address(it: &Fixture) {
    let place = home(it, "w").await;
    let row = user("张三", place.id);
    it.store.user_insert(row.clone(), place.id, "viewer", audit(None, "a")).await.unwrap();
    assert_eq!(it.store.user_by_login("张三").await.unwrap().as_ref(), Some(&row));
    assert_eq!(it.store.user_by_login("张三@example.org").await.unwrap().as_ref(), Some(&row));
    assert_eq!(it.store.user_by_login("李四").await.unwrap(), None);
    // Somebody whose name is another's address does not become that other.
    let trap = UserRow { email: None, ..user("张三@example.org", place.id) };
    it.store.user_insert(trap.clone(), place.id, "viewer", audit(None, "a")).await.unwrap();
    assert_eq!(it.store.user_by_login("张三@example.org").await.unwrap().map(|row| row.id), Some(trap.id));
}

async fn failures_and_passwords_are_remembered(it: &Fixture) {
    let place = home(it, "w").await;
    let row = user("u", place.id);
    it.store.user_insert(row.clone(), place.id, "viewer", audit(None, "a")).await.unwrap();
    it.store.user_failures_put(row.id, 4, Some(AT)).await.unwrap();
    it.store.user_password_put(row.id, "new", true).await.unwrap();
    let read = it.store.user(row.id).await.unwrap().unwrap();
    assert_eq!(
        (read.failures, read.locked_until, read.password_hash.as_deref(), read.auth_epoch),
        (4, Some(AT), Some("new"), 1)
    );
    it.store.user_password_put(row.id, "newer", false).await.unwrap();
    assert_eq!(it.store.user(row.id).await.unwrap().unwrap().auth_epoch, 1);
    assert_eq!(it.store.user_failures_put(UserId::from_u128(1), 1, None).await, Err(StoreError::Stale));
}

async fn members_have_a_role_per_workspace(it: &Fixture) {
    let (one, two) = (home(it, "b").await, home(it, "a").await);
    let row = user("u", one.id);
    it.store.user_insert(row.clone(), one.id, "viewer", audit(None, "a")).await.unwrap();
    it.store.member_put(two.id, row.id, "owner", audit(Some(two.id), "member.put")).await.unwrap();
    it.store.member_put(one.id, row.id, "developer", audit(Some(one.id), "member.put")).await.unwrap();
    assert_eq!(
        it.store.memberships(row.id).await.unwrap(),
        [(two.clone(), "owner".to_owned()), (one.clone(), "developer".to_owned())]
    );
    assert_eq!(it.store.member_role(one.id, row.id).await.unwrap().as_deref(), Some("developer"));
    assert_eq!(it.store.member_role(WorkspaceId::from_u128(1), row.id).await.unwrap(), None);
    assert_eq!(it.store.token_user(row.id, two.id).await.unwrap().unwrap().role.as_deref(), Some("owner"));
    assert_eq!(it.store.token_user(row.id, WorkspaceId::from_u128(1)).await.unwrap().unwrap().role, None);
    assert_eq!(it.store.token_user(UserId::from_u128(1), one.id).await.unwrap(), None);
    assert_eq!(it.store.workspace_by_name("a").await.unwrap().as_ref(), Some(&two));
    assert_eq!(it.store.workspace(one.id).await.unwrap(), Some(one));
}

fn session(of: &UserRow, hash: u8, expires_at: i64, last_seen_at: i64) -> SessionRow {
    SessionRow {
        id: SessionId::from_u128(fresh()),
        token_hash: [hash; 32],
        user: of.id,
        workspace: of.default_workspace,
        created_at: AT,
        last_seen_at,
        expires_at,
        address: Some("::1".to_owned()),
        user_agent: None,
    }
}

async fn sessions_are_found_by_their_hash_only(it: &Fixture) {
    let place = home(it, "w").await;
    let row = user("u", place.id);
    it.store.user_insert(row.clone(), place.id, "operator", audit(None, "a")).await.unwrap();
    let one = session(&row, 1, AT + 10, AT);
    it.store.session_insert(one.clone()).await.unwrap();
    let found = it.store.session_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(
        (&found.session, found.username.as_str(), found.disabled, found.role.as_deref()),
        (&one, "u", false, Some("operator"))
    );
    assert_eq!(it.store.session_by_hash(&[2; 32]).await.unwrap(), None);
    it.store.session_touch(one.id, AT + 5).await.unwrap();
    assert_eq!(it.store.session_by_hash(&[1; 32]).await.unwrap().unwrap().session.last_seen_at, AT + 5);
    assert!(it.store.session_delete(one.id).await.unwrap());
    assert!(!it.store.session_delete(one.id).await.unwrap());
    it.store.session_insert(session(&row, 3, AT, AT)).await.unwrap();
    it.store.sessions_delete_of(row.id).await.unwrap();
    assert_eq!(it.store.session_by_hash(&[3; 32]).await.unwrap(), None);
}

async fn sessions_are_pruned(it: &Fixture) {
    let place = home(it, "w").await;
    let row = user("u", place.id);
    it.store.user_insert(row.clone(), place.id, "operator", audit(None, "a")).await.unwrap();
    for (hash, expires, seen) in [(1, AT + 10, AT + 10), (2, AT - 1, AT + 10), (3, AT + 10, AT - 1)] {
        it.store.session_insert(session(&row, hash, expires, seen)).await.unwrap();
    }
    assert_eq!(it.store.sessions_prune(AT, AT).await.unwrap(), 2);
    assert!(it.store.session_by_hash(&[1; 32]).await.unwrap().is_some());
}
