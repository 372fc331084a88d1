#include "ledger/sqlite/network.h"

#include "base/path.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

typedef struct magic_row {
    uint32_t magic;
    const char *name;
} magic_row;

/* linux/magic.h where it has them; the others are written in the file systems' own sources. */
static const magic_row MAGICS[] = {
    {NFS_SUPER_MAGIC, "NFS"},  {SMB_SUPER_MAGIC, "SMB"},   {CIFS_SUPER_MAGIC, "CIFS"},
    {SMB2_SUPER_MAGIC, "SMB"}, {CEPH_SUPER_MAGIC, "Ceph"}, {AFS_SUPER_MAGIC, "AFS"},
    {AFS_FS_MAGIC, "AFS"},     {CODA_SUPER_MAGIC, "Coda"}, {OCFS2_SUPER_MAGIC, "OCFS2"},
    {0x0BD00BD0u, "Lustre"},   {0x47504653u, "GPFS"},      {0x19830326u, "BeeGFS"},
    {0xAAD7AAEAu, "PanFS"},    {0x01161970u, "GFS2"},
};

static const char *const FUSE_TYPES[] = {
    "fuse.sshfs",     "fuse.s3fs",      "fuse.gcsfuse", "fuse.rclone",    "fuse.glusterfs",
    "fuse.mount-s3",  "fuse.goofys",    "fuse.davfs",   "fuse.ceph-fuse", "fuse.blobfuse",
    "fuse.blobfuse2", "fuse.curlftpfs", "fuse.juicefs", "fuse.seaweedfs", NULL,
};

const char *network_by_magic(uint32_t magic) {
    for (size_t i = 0; i < ARRAY_SIZE(MAGICS); i++)
        if (MAGICS[i].magic == magic)
            return MAGICS[i].name;
    return NULL;
}

const char *network_by_fuse_type(const char *type) {
    for (size_t i = 0; FUSE_TYPES[i] != NULL; i++)
        if (str_eq(FUSE_TYPES[i], type))
            return FUSE_TYPES[i];
    return NULL;
}

/* A line is `id parent major:minor root point options [optional…] - type source options`. */
static const char *type_in_line(const char *line, const char *device, arena *a) {
    strings fields = str_split(a, line, ' ');
    if (fields.count < 3 || !str_eq(fields.items[2], device))
        return NULL;
    for (size_t i = 3; i + 1 < fields.count; i++)
        if (str_eq(fields.items[i], "-"))
            return fields.items[i + 1];
    return NULL;
}

const char *network_mount_type(const char *mountinfo, unsigned major, unsigned minor, arena *a) {
    const char *device = arena_printf(a, "%u:%u", major, minor);
    strings lines = str_split(a, mountinfo, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *type = type_in_line(lines.items[i], device, a);
        if (type != NULL)
            return type;
    }
    return NULL;
}

enum { MOUNTINFO_SIZE_MAX = 1 << 22 };

static const char *fuse_of_folder(const char *folder, arena *a) {
    struct stat info;
    char *mounts;
    if (stat(folder, &info) != 0)
        return NULL;
    if (file_read("/proc/self/mountinfo", MOUNTINFO_SIZE_MAX, a, &mounts, NULL, NULL) != OK)
        return NULL;
    const char *type = network_mount_type(mounts, major(info.st_dev), minor(info.st_dev), a);
    return type == NULL ? NULL : network_by_fuse_type(type);
}

const char *network_of_folder(const char *folder, arena *a) {
    struct statfs info;
    if (statfs(folder, &info) != 0)
        return NULL;
    if ((uint32_t)info.f_type == FUSE_SUPER_MAGIC)
        return fuse_of_folder(folder, a);
    return network_by_magic((uint32_t)info.f_type);
}
