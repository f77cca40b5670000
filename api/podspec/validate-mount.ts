import { type FieldError, forbidden, invalid, notFound, notSupported, requiredValue } from '#api/meta/field-error.ts';
import type { Container } from '#api/podspec/container.ts';
import { validateDescendingPath } from '#api/podspec/validate-path.ts';
import type { Volume } from '#api/podspec/volume.ts';

type Mounting = Pick<Container, 'volumeMounts' | 'volumeDevices' | 'securityContext'>;

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

/**
 * The faults of where a container mounts volumes. `path` is the container's. Upstream tells faults of subPath and mountPropagation
 * without the mount's index; so do we, because that is the field a client sees.
 */
export function validateMounts(container: Mounting, volumes: ReadonlyMap<string, Volume>, path: string): FieldError[] {
  const list = `${path}.volumeMounts`;
  const taken = new Set<string>();
  const devices = container.volumeDevices ?? [];
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const here = `${list}[${index}]`;
    const { name, mountPath, subPath = '', subPathExpr = '', mountPropagation } = mount;
    const errors: FieldError[] = [];
    if (!name) errors.push(requiredValue(`${here}.name`));
    if (!volumes.has(name)) errors.push(notFound(`${here}.name`, name));
    if (!mountPath) errors.push(requiredValue(`${here}.mountPath`));
    if (taken.has(mountPath)) errors.push(invalid(`${here}.mountPath`, mountPath, 'must be unique'));
    taken.add(mountPath);
    if (devices.some((device) => device.name === name))
      errors.push(invalid(`${here}.name`, name, 'must not already exist in volumeDevices'));
    if (devices.some((device) => device.devicePath === mountPath))
      errors.push(invalid(`${here}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'));
    if (subPath !== '') errors.push(...validateDescendingPath(subPath, `${list}.subPath`));
    if (subPathExpr !== '') {
      if (subPath !== '')
        errors.push(invalid(`${here}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      errors.push(...validateDescendingPath(subPathExpr, `${list}.subPathExpr`));
    }
    if (mountPropagation !== undefined)
      errors.push(...validatePropagation(mountPropagation, container, `${list}.mountPropagation`));
    return errors;
  });
}

function validatePropagation(propagation: string, container: Mounting, path: string): FieldError[] {
  if (!PROPAGATIONS.includes(propagation)) return [notSupported(path, propagation, PROPAGATIONS)];
  if (propagation === 'Bidirectional' && container.securityContext?.privileged !== true)
    return [forbidden(path, 'Bidirectional mount propagation is available only to privileged containers')];
  return [];
}

/** The faults of a container's block devices. `path` is the container's. */
export function validateDevices(container: Mounting, volumes: ReadonlyMap<string, Volume>, path: string): FieldError[] {
  const paths = new Set<string>();
  const names = new Set<string>();
  const mounts = container.volumeMounts ?? [];
  return (container.volumeDevices ?? []).flatMap(({ name, devicePath }, index) => {
    const here = `${path}.volumeDevices[${index}]`;
    const errors: FieldError[] = [];
    const volume = volumes.get(name);
    if (!name) errors.push(requiredValue(`${here}.name`));
    if (names.has(name)) errors.push(invalid(`${here}.name`, name, 'must be unique'));
    if (volume !== undefined && volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined)
      errors.push(
        invalid(
          `${here}.name`,
          name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      );
    if (volume === undefined) errors.push(notFound(`${here}.name`, name));
    if (!devicePath) errors.push(requiredValue(`${here}.devicePath`));
    if (paths.has(devicePath)) errors.push(invalid(`${here}.devicePath`, devicePath, 'must be unique'));
    if (devicePath && devicePath.split('/').includes('..'))
      errors.push(invalid(`${here}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    else if (devicePath) paths.add(devicePath);
    if (mounts.some((mount) => mount.mountPath === devicePath))
      errors.push(invalid(`${here}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'));
    if (name) names.add(name);
    if (mounts.some((mount) => mount.name === name))
      errors.push(invalid(`${here}.name`, name, 'must not already exist in volumeMounts'));
    return errors;
  });
}
