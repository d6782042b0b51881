// Drives an emulator with the AWS SDK for Java and prints the results as one JSON object.
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.InferenceConfiguration;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.ValidationException;

public final class Client {
  static final String MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  static final InferenceConfiguration LIMIT = InferenceConfiguration.builder().maxTokens(5).build();

  public static void main(String[] args) {
    URI endpoint = URI.create(System.getenv("EMULATOR_URL"));
    try (BedrockRuntimeClient client = BedrockRuntimeClient.builder().endpointOverride(endpoint).build();
        BedrockRuntimeAsyncClient streaming = BedrockRuntimeAsyncClient.builder().endpointOverride(endpoint).build()) {
      var whole = client.converse(r -> r.modelId(MODEL).messages(text("Hello there")).inferenceConfig(LIMIT));
      AtomicInteger deltas = new AtomicInteger();
      var visitor = ConverseStreamResponseHandler.Visitor.builder()
          .onContentBlockDelta(event -> deltas.incrementAndGet())
          .build();
      streaming
          .converseStream(
              r -> r.modelId(MODEL).messages(text("Hello there")).inferenceConfig(LIMIT),
              ConverseStreamResponseHandler.builder().subscriber(visitor).build())
          .join();
      String body = "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":5,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello there\"}]}";
      var invoked = client.invokeModel(
          r -> r.modelId(MODEL).contentType("application/json").body(SdkBytes.fromUtf8String(body)));
      JsonNode message = JsonNode.parser().parse(invoked.body().asUtf8String());
      System.out.printf(
          "{\"stop\":\"%s\",\"usage\":%d,\"deltas\":%d,\"invoke\":\"%s\",\"refused\":%b}%n",
          whole.stopReasonAsString(),
          whole.usage().outputTokens(),
          deltas.get(),
          message.field("stop_reason").get().asString(),
          isRefused(client));
    }
  }

  static boolean isRefused(BedrockRuntimeClient client) {
    try {
      client.converse(r -> r.modelId("unknown.model").messages(text("x")));
      return false;
    } catch (ValidationException refused) {
      return true;
    }
  }

  static Message text(String words) {
    return Message.builder().role(ConversationRole.USER).content(ContentBlock.fromText(words)).build();
  }
}
