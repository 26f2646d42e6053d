// @hey-api/openapi-ts. Upload a file, and run a process with it.
import { client } from './client/client.gen';
import { createFile, createRun, getRun, listProcesses, uploadFile } from './client';
import { check, entry, key, pdf, token } from './entry';

client.setConfig({ baseUrl: entry.base_url, headers: key });

async function main(): Promise<void> {
  const agent_id = entry.agent_id;
  const processes = await listProcesses({ query: { agent_id } });
  const process = processes.data?.items?.[0];
  check(process !== undefined, processes.error);
  const file = await createFile({ body: { agent_id, file_name: 'invoice.pdf' } });
  check(file.data !== undefined, file.error);
  const sent = await uploadFile({
    path: { token: token(file.data.upload_url) },
    body: { ...file.data.upload_fields, file: pdf() },
  });
  check(sent.response?.ok === true, sent.error);
  const made = await createRun({
    body: { agent_id, process_id: process.id, name: 'Invoice', stage: process.stage, file_ids: [file.data.id] },
  });
  check(made.data !== undefined, made.error);
  const run = await getRun({ path: { run_id: made.data.id } });
  check(run.data?.file_ids?.[0] === file.data.id, run.error);
}

void main();
