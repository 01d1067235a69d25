import { room } from "./room.mjs";

export default room("judge", { mutate: ["src/judge/**/*.ts"], tests: "test/judge" });
