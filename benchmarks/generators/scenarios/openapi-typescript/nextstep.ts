// openapi-typescript with openapi-fetch. List, create, complete; the run then completes by itself.
import createClient from 'openapi-fetch';
import type { paths } from './client';
import { bearer, check, entry } from './entry';

const api = createClient<paths>({ baseUrl: entry.base_url, headers: bearer });

async function main(): Promise<void> {
  const templates = await api.GET('/process-templates');
  const template = templates.data?.data.find((one) => one.is_published);
  check(template !== undefined, templates.error);
  const made = await api.POST('/process-runs', { body: { template_id: template.id, name: 'Generated' } });
  check(made.data?.data.status === 'active', made.error);
  const id = made.data.data.id;
  const tasks = await api.GET('/process-runs/{id}/tasks', { params: { path: { id } } });
  for (const task of tasks.data?.data ?? []) {
    const path = { runId: id, taskId: task.id };
    const done = await api.PATCH('/process-runs/{runId}/tasks/{taskId}', { params: { path }, body: { completed: true } });
    check(done.data?.data.completed === true, done.error);
  }
  const run = await api.GET('/process-runs/{id}', { params: { path: { id } } });
  check(run.data?.data.status === 'completed', run);
}

void main();
