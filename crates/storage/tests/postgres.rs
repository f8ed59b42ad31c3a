//! The store on PostgreSQL passes the suite: as one node, and as two that share a database.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod one_node {
    use std::sync::Arc;

    use countersign_domain::audit::NodeName;
    use countersign_ports::store::SharedStore;
    use countersign_storage::PostgresStore;
    use countersign_storage::throw_away::ThrowAway;

    pub(crate) async fn fresh() -> (SharedStore, ()) {
        let server = ThrowAway::shared().fresh().await;
        (Arc::new(PostgresStore::open(server, NodeName::local()).await.unwrap()), ())
    }

    countersign_storage::conformance_suite!(crate::one_node::fresh);
}

mod two_nodes {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use countersign_domain::permit::Committed;
    use countersign_ports::store::{
        AccessReads, ApprovalReads, AuditReads, ChatReads, EventReads, NodeReads, RetentionReads,
        RunReads, ServiceReads, SharedStore, Store, StoreError, UnitOfWork,
    };
    use countersign_storage::PostgresStore;
    use countersign_storage::throw_away::ThrowAway;

    /// Two stores with connections of their own. Every call goes to the other one than the last.
    struct InTurns {
        nodes: [PostgresStore; 2],
        calls: AtomicUsize,
    }

    impl InTurns {
        fn next(&self) -> &PostgresStore {
            let [one, two] = &self.nodes;
            let even = self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            if even { one } else { two }
        }
    }

    #[async_trait]
    impl Store for InTurns {
        async fn commit(&self, work: UnitOfWork) -> Result<Committed, StoreError> {
            self.next().commit(work).await
        }

        fn runs(&self) -> &dyn RunReads {
            self.next().runs()
        }

        fn approvals(&self) -> &dyn ApprovalReads {
            self.next().approvals()
        }

        fn events(&self) -> &dyn EventReads {
            self.next().events()
        }

        fn access(&self) -> &dyn AccessReads {
            self.next().access()
        }

        fn audit(&self) -> &dyn AuditReads {
            self.next().audit()
        }

        fn chats(&self) -> &dyn ChatReads {
            self.next().chats()
        }

        fn service(&self) -> &dyn ServiceReads {
            self.next().service()
        }

        fn nodes(&self) -> &dyn NodeReads {
            self.next().nodes()
        }

        fn retention(&self) -> &dyn RetentionReads {
            self.next().retention()
        }

        async fn check(&self) -> Result<(), StoreError> {
            for node in &self.nodes {
                node.check().await?;
            }
            Ok(())
        }

        async fn broken(&self) -> StoreError {
            self.next().broken().await
        }

        async fn close(&self) {
            for node in &self.nodes {
                node.close().await;
            }
        }
    }

    pub(crate) async fn fresh() -> (SharedStore, ()) {
        let server = ThrowAway::shared().fresh().await;
        let open = |name: &str| PostgresStore::open(server.clone(), name.parse().unwrap());
        // At once: of two nodes that start together one makes the tables.
        let (one, two) = tokio::join!(open("node-1"), open("node-2"));
        let nodes = [one.unwrap(), two.unwrap()];
        (Arc::new(InTurns { nodes, calls: AtomicUsize::new(0) }), ())
    }

    countersign_storage::conformance_suite!(crate::two_nodes::fresh);
}
