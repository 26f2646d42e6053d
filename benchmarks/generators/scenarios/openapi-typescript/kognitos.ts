// openapi-typescript with openapi-fetch. Upload a file, and run a process with it.
import createClient from 'openapi-fetch';
import type { paths } from './client';
import { check, entry, key, pdf, token } from './entry';

const api = createClient<paths>({ baseUrl: entry.base_url, headers: key });

async function main(): Promise<void> {
  const agent_id = entry.agent_id;
  const processes = await api.GET('/processes', { params: { query: { agent_id } } });
  const process = processes.data?.items?.[0];
  check(process !== undefined, processes.error);
  const file = await api.POST('/files', { body: { agent_id, file_name: 'invoice.pdf' } });
  check(file.data !== undefined, file.error);
  const form = new FormData();
  for (const [name, value] of Object.entries(file.data.upload_fields)) form.append(name, value);
  form.append('file', pdf(), 'invoice.pdf');
  const sent = await api.POST('/uploads/{token}', {
    params: { path: { token: token(file.data.upload_url) } },
    body: { file: '' },
    bodySerializer: () => form,
  });
  check(sent.response.ok, sent.error);
  const made = await api.POST('/runs', {
    body: { agent_id, process_id: process.id, name: 'Invoice', stage: process.stage, file_ids: [file.data.id] },
  });
  check(made.data !== undefined, made.error);
  const run = await api.GET('/runs/{run_id}', { params: { path: { run_id: made.data.id } } });
  check(run.data?.file_ids?.[0] === file.data.id, run);
}

void main();
