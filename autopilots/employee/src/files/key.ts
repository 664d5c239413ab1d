// What a file is called by callers.
import { string } from "#worker-kit/validation.ts";

export const fileKey = string(/^intake\/[0-9a-f]{32}$/, {
  max: 39,
  message: "must be the key that files.intake.upload answered",
});

export function keyOf(id: string): string {
  return `intake/${id}`;
}

export function idOfKey(key: string): string {
  return key.slice("intake/".length);
}
