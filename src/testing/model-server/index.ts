/** What tests take from the scripted model server. */

export type { Answerer } from "./answer.ts";
export type { Answer, Fault, ModelRequest, OfferedTool, ToolCall } from "./model-request.ts";
export {
  type ModelServer,
  type ModelServerOptions,
  openModelServer,
  type ServedCall,
} from "./model-server.ts";
export { type ScriptInput, scriptText } from "./script.ts";
