import { room } from "./room.mjs";

export default room("scope", { mutate: ["src/core/scope.ts"], tests: "test/core" });
