import { describe, expect, it } from "vitest";
import { PRESETS } from "../../../src/researcher/agent/presets.ts";

/** Lines as the agents printed them (docs/decisions/0013-agents.md has their versions), cut to what is read. */
const PRINTED: Readonly<Record<string, { well: string[]; badly: string[] }>> = {
  claude: {
    well: [
      '{"type":"system","subtype":"init","model":"m"}',
      '{"type":"assistant","message":{"model":"m","content":[{"type":"tool_use","name":"Read","input":{}}],"usage":{"input_tokens":1}}}',
      '{"type":"assistant","message":{"model":"m","content":[{"type":"text","text":"All done."}]}}',
      '{"duration_api_ms":1,"type":"result","is_error":false,"subtype":"success","result":"All done.","modelUsage":{"m":{"inputTokens":60,"outputTokens":7,"cacheReadInputTokens":40,"cacheCreationInputTokens":0}}}',
    ],
    badly: [
      '{"type":"system","subtype":"api_retry","attempt":3,"error_status":401,"error":"authentication_failed"}',
    ],
  },
  codex: {
    well: [
      '{"type":"item.completed","item":{"type":"error","message":"Model metadata not found"}}',
      '{"type":"error","message":"Reconnecting... 1/4 (unexpected status 429)"}',
      '{"type":"item.completed","item":{"type":"agent_message","text":"All done."}}',
      '{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":40,"cache_write_input_tokens":0,"output_tokens":7,"reasoning_output_tokens":0}}',
    ],
    badly: [
      '{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: scripted error 401"}}',
    ],
  },
  gemini: {
    well: [
      '{"type":"init","model":"m"}',
      '{"type":"message","role":"user","content":"Please"}',
      '{"type":"message","role":"assistant","content":"Let me see.","delta":true}',
      '{"type":"tool_use","tool_name":"read_file","parameters":{}}',
      '{"type":"message","role":"assistant","content":"All ","delta":true}',
      '{"type":"message","role":"assistant","content":"done.","delta":true}',
      '{"type":"result","status":"success","stats":{"total_tokens":107,"input_tokens":100,"output_tokens":7,"cached":40,"input":60}}',
    ],
    badly: [
      '{"type":"result","status":"error","error":{"type":"unknown","message":"[API Error: {\\"error\\":{\\"code\\":401}}]"},"stats":{}}',
    ],
  },
  opencode: {
    well: [
      '{"type":"step_start","part":{"type":"step-start"}}',
      '{"type":"text","part":{"type":"text","text":"All done."}}',
      '{"type":"step_finish","part":{"tokens":{"total":107,"input":60,"output":7,"reasoning":0,"cache":{"write":0,"read":40}},"cost":0}}',
    ],
    badly: [
      '{"type":"error","error":{"name":"APIError","data":{"message":"scripted error","statusCode":401}}}',
    ],
  },
  copilot: {
    well: [
      '{"type":"assistant.message","data":{"model":"m","content":"All done."}}',
      '{"type":"model.call_final_result","data":{"model":"m","result":"success"}}',
      '{"type":"result","exitCode":0}',
      '{ "modelMetrics": {"m":{"requests":{"count":1},"usage":{"inputTokens":100,"outputTokens":7,"cacheReadTokens":40,"cacheWriteTokens":0,"reasoningTokens":0}}}}',
    ],
    badly: [
      '{"type":"session.error","data":{"errorType":"authentication","message":"Authentication failed (HTTP 401)."}}',
    ],
  },
  goose: {
    well: [
      '{"type":"message","message":{"role":"assistant","content":[{"type":"toolRequest","id":"1"}]}}',
      '{"type":"message","message":{"role":"user","content":[{"type":"toolResponse","id":"1"}]}}',
      '{"type":"message","message":{"role":"assistant","content":[{"type":"text","text":"All "}]}}',
      '{"type":"message","message":{"role":"assistant","content":[{"type":"text","text":"done."}]}}',
      '{"type":"complete","total_tokens":107,"input_tokens":100,"output_tokens":7}',
    ],
    badly: [
      '{"type":"message","message":{"role":"assistant","content":[{"type":"text","text":"Ran into this error: Authentication error: Status: 401 Unauthorized.\\n\\nPlease retry"}]}}',
      '{"type":"complete","total_tokens":null}',
    ],
  },
  pi: {
    well: [
      '{"type":"message_update","usage":{"input":9}}',
      '{"type":"message_end","message":{"role":"assistant","content":[{"type":"text","text":"All done."}],"model":"m","usage":{"input":60,"output":7,"cacheRead":40,"cacheWrite":0},"stopReason":"stop"}}',
      '{"type":"agent_settled"}',
    ],
    badly: [
      '{"type":"message_end","message":{"role":"assistant","content":[],"model":"m","usage":{},"stopReason":"error","errorMessage":"401: invalid_api_key"}}',
      '{"type":"agent_settled"}',
    ],
  },
};

describe.each(PRESETS.map((preset) => ({ preset, name: preset.name })))(
  "the output of $name",
  ({ preset, name }) => {
    const said = (lines: readonly string[]) => {
      const reader = preset.reader();
      for (const line of lines) reader.line(line);
      return reader.said();
    };
    const { well = [], badly = [] } = PRINTED[name] ?? {};

    it("tells its last words and what it used", () => {
      const { text, error, usage } = said(well);
      expect({ text, error }).toEqual({ text: "All done.", error: undefined });
      const { freshTokens, cachedTokens, outputTokens } = usage;
      // goose counts cached input as any other.
      const input = name === "goose" ? [100, 0] : [60, 40];
      expect([freshTokens, cachedTokens, outputTokens]).toEqual([...input, 7]);
    });

    it("tells the error it ended with", () => {
      expect(said(badly).error).toContain("401");
    });

    it("is read whatever it is", () => {
      expect(
        said(["", "plain words", '{"type":', "{}", "[1]", '{"type":null,"message":3,"data":[],"part":"x"}'])
          .text,
      ).toContain("plain words");
    });
  },
);
