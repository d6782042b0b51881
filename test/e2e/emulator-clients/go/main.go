// Drives an emulator with the AWS SDK for Go and prints the results as one JSON object.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
)

const model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	must(err)
	client := bedrockruntime.NewFromConfig(settings, func(o *bedrockruntime.Options) {
		o.BaseEndpoint = aws.String(os.Getenv("EMULATOR_URL"))
	})
	text := func(s string) []types.Message {
		return []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: s}}}}
	}
	limit := &types.InferenceConfiguration{MaxTokens: aws.Int32(5)}
	whole, err := client.Converse(ctx, &bedrockruntime.ConverseInput{ModelId: aws.String(model), Messages: text("Hello there"), InferenceConfig: limit})
	must(err)
	stream, err := client.ConverseStream(ctx, &bedrockruntime.ConverseStreamInput{ModelId: aws.String(model), Messages: text("Hello there"), InferenceConfig: limit})
	must(err)
	var deltas int
	for event := range stream.GetStream().Events() {
		if _, ok := event.(*types.ConverseStreamOutputMemberContentBlockDelta); ok {
			deltas++
		}
	}
	must(stream.GetStream().Err())
	body := []byte(`{"anthropic_version":"bedrock-2023-05-31","max_tokens":5,"messages":[{"role":"user","content":"Hello there"}]}`)
	invoked, err := client.InvokeModel(ctx, &bedrockruntime.InvokeModelInput{ModelId: aws.String(model), Body: body, ContentType: aws.String("application/json")})
	must(err)
	var message struct {
		StopReason string `json:"stop_reason"`
	}
	must(json.Unmarshal(invoked.Body, &message))
	_, err = client.Converse(ctx, &bedrockruntime.ConverseInput{ModelId: aws.String("unknown.model"), Messages: text("x")})
	var refused *types.ValidationException
	out := map[string]any{
		"stop":    whole.StopReason,
		"usage":   *whole.Usage.OutputTokens,
		"deltas":  deltas,
		"invoke":  message.StopReason,
		"refused": errors.As(err, &refused),
	}
	must(json.NewEncoder(os.Stdout).Encode(out))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
