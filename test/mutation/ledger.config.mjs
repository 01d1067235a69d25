import { room } from "./room.mjs";

export default room("ledger", { mutate: ["src/ledger/**/*.ts"], tests: "test/ledger" });
