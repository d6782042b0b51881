// Drives an emulator with the AWS SDK for Rust and prints the results as one JSON object.
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, InferenceConfiguration, Message,
};
use aws_sdk_bedrockruntime::Client;
use std::error::Error;

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn text(words: &str) -> Message {
    Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(words.to_string()))
        .build()
        .expect("a message with its role and content")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = aws_config::load_from_env().await;
    let endpoint = aws_sdk_bedrockruntime::config::Builder::from(&settings)
        .endpoint_url(std::env::var("EMULATOR_URL")?)
        .build();
    let client = Client::from_conf(endpoint);
    let limit = InferenceConfiguration::builder().max_tokens(5).build();
    let whole = client
        .converse()
        .model_id(MODEL)
        .messages(text("Hello there"))
        .inference_config(limit.clone())
        .send()
        .await?;
    let mut stream = client
        .converse_stream()
        .model_id(MODEL)
        .messages(text("Hello there"))
        .inference_config(limit)
        .send()
        .await?
        .stream;
    let mut deltas = 0;
    while let Some(event) = stream.recv().await? {
        if matches!(event, ConverseStreamOutput::ContentBlockDelta(_)) {
            deltas += 1;
        }
    }
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":5,"messages":[{"role":"user","content":"Hello there"}]}"#;
    let invoked = client
        .invoke_model()
        .model_id(MODEL)
        .content_type("application/json")
        .body(Blob::new(body))
        .send()
        .await?;
    let message: serde_json::Value = serde_json::from_slice(invoked.body().as_ref())?;
    let refused = client
        .converse()
        .model_id("unknown.model")
        .messages(text("x"))
        .send()
        .await
        .err()
        .and_then(|error| error.into_service_error().is_validation_exception().then_some(()))
        .is_some();
    println!(
        "{}",
        serde_json::json!({
            "stop": whole.stop_reason().as_str(),
            "usage": whole.usage().map(|usage| usage.output_tokens()),
            "deltas": deltas,
            "invoke": message["stop_reason"],
            "refused": refused,
        })
    );
    Ok(())
}
