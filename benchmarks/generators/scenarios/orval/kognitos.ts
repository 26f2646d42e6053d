// orval's client of fetch. Upload a file, and run a process with it.
import { createFile, createRun, getRun, listProcesses, uploadFile } from './client/api';
import { check, entry, key as headers, pdf, token } from './entry';

async function main(): Promise<void> {
  const agent_id = entry.agent_id;
  const processes = await listProcesses({ agent_id }, { headers });
  check(processes.status === 200, processes);
  const process = processes.data.items?.[0];
  check(process !== undefined, 'no process');
  const file = await createFile({ agent_id, file_name: 'invoice.pdf' }, { headers });
  check(file.status === 201, file);
  const sent = await uploadFile(token(file.data.upload_url), { ...file.data.upload_fields, file: pdf() });
  check(sent.status === 204, sent);
  const made = await createRun(
    { agent_id, process_id: process.id, name: 'Invoice', stage: process.stage, file_ids: [file.data.id] },
    { headers },
  );
  check(made.status === 200 || made.status === 201, made);
  const run = await getRun(made.data.id, { headers });
  check(run.status === 200 && run.data.file_ids?.[0] === file.data.id, run);
}

void main();
