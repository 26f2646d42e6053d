// What all scenarios share: where the API is served, as the ready file says it, and a check.
declare const process: { env: Record<string, string> };

export const entry: { base_url: string; api_key: string; agent_id: string; organization_id: string } = JSON.parse(process.env.ENTRY);
export const bearer = { Authorization: `Bearer ${entry.api_key}` };
export const key = { 'x-api-key': entry.api_key };
export const who = { 'X-Tallyfy-Client': 'Generated' };

export function check(fact: boolean, what: unknown): asserts fact {
  if (!fact) throw new Error(JSON.stringify(what));
}

export const token = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
export const pdf = (): Blob => new Blob(['%PDF-1.4'], { type: 'application/pdf' });
