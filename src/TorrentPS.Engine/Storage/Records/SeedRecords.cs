using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Records;

/// <summary>
/// Records of data that was found complete, so that it need not be hashed again for the next seed. They are kept apart from the data, which is never written to and may
/// be read-only. A record is valid while every file has the same length and last write time.
/// </summary>
internal sealed class SeedRecords(string stateFolder)
{
    private const string Extension = ".seed";
    private const int NameDigits = 16;

    /// <summary>Records unused for this long are removed.</summary>
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(400);

    private readonly string _folder = Path.Join(stateFolder, "seeds");

    /// <summary>The record of a torrent's data at a path; null if there is none that can be read.</summary>
    public ResumeRecord? Load(Torrent torrent, string dataPath)
    {
        string path = PathOf(torrent, dataPath);
        try
        {
            return ControlFile.Read(path, ResumeRecord.MaxLength(torrent)) is { } bytes ? ResumeRecord.Decode(bytes, torrent) : null;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e) || e is TorrentException)
        {
            return null;
        }
    }

    /// <summary>Records that a torrent's data is complete.</summary>
    /// <exception cref="TorrentException">The record could not be written (AccessDenied, DiskFull).</exception>
    public void Save(Torrent torrent, string dataPath, ResumeRecord record)
    {
        string path = PathOf(torrent, dataPath);
        string temporary = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp";
        try
        {
            Directory.CreateDirectory(_folder);
            ControlFile.Write(path, temporary, record.Encode(torrent.InfoHash), flush: false);
            RemoveOld();
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, "cannot be written");
        }
    }

    /// <summary>Marks a record as used, so that it is kept.</summary>
    public void Touch(Torrent torrent, string dataPath, DateTime now)
    {
        try
        {
            File.SetLastWriteTimeUtc(PathOf(torrent, dataPath), now);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // The record is then removed sooner, and created again.
        }
    }

    /// <summary>Removes the record that a torrent's data is complete. If it cannot be removed, it could not be written either.</summary>
    public void Remove(Torrent torrent, string dataPath) => ControlFile.TryDelete(PathOf(torrent, dataPath));

    private void RemoveOld()
    {
        DateTime oldest = DateTime.UtcNow - s_lifetime;
        foreach (FileInfo file in new DirectoryInfo(_folder).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < oldest)
                file.Delete();
        }
    }

    private string PathOf(Torrent torrent, string dataPath)
    {
        byte[] place = SHA256.HashData(Encoding.UTF8.GetBytes(dataPath));
        return Path.Join(_folder, $"{torrent.InfoHash}-{Convert.ToHexStringLower(place)[..NameDigits]}{Extension}");
    }
}
