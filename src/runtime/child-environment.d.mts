export function childEnvironment(env: NodeJS.ProcessEnv, program?: 'npm' | 'pip' | null): NodeJS.ProcessEnv;
