//! What a cloud does not have is refused before anything is sent.

use msgraph_runtime::{Cloud, Error, Operation};

use crate::support::fake::{builder, response};
use crate::support::models::Message;

const EVERYWHERE: &str = "op:GET /me/messages/1;select;work=Mail.Read";

const NOT_IN_CHINA: &str = "op:GET /me/messages/1;select;work=Mail.Read;china";

#[test]
fn an_operation_tells_where_it_exists_and_its_permissions_are_the_same() {
    for (operation, clouds) in [
        (EVERYWHERE, &Cloud::ALL[..]),
        (NOT_IN_CHINA, &[Cloud::Global, Cloud::UsGovernment, Cloud::UsGovernmentDod]),
        ("op:GET /x;;;us-government china", &[Cloud::Global]),
        (Operation::UNKNOWN.0, &Cloud::ALL[..]),
    ] {
        let found: Vec<_> =
            Cloud::ALL.into_iter().filter(|cloud| Operation(operation).exists_in(*cloud)).collect();
        assert_eq!(found, clouds, "{operation}");
    }
    assert_eq!(Operation(NOT_IN_CHINA).permissions(), Operation(EVERYWHERE).permissions());
}

#[tokio::test]
async fn a_client_of_a_cloud_refuses_what_is_not_there_without_sending_it() {
    for (cloud, operation, is_sent) in [
        (Cloud::China, NOT_IN_CHINA, false),
        (Cloud::China, EVERYWHERE, true),
        (Cloud::UsGovernment, NOT_IN_CHINA, true),
        (Cloud::Global, NOT_IN_CHINA, true),
    ] {
        let (builder, log) = builder(|_| response(200, "{}"));
        let client = builder.cloud(cloud).build().expect("a client");
        let answer = client.root("me").call::<Message>(operation).await;
        assert_eq!(log.all().len(), usize::from(is_sent), "{cloud:?} {operation}");
        match answer {
            Ok(_) => assert!(is_sent),
            Err(error) => {
                assert!(matches!(error, Error::Request(_)), "{error}");
                let text = error.to_string();
                assert!(text.contains("does not exist in the cloud China"), "{text}");
            }
        }
    }
}
