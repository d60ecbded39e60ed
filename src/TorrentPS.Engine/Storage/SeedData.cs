using System.Globalization;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>Data to seed: whether it has changed, and what is wrong with it.</summary>
internal sealed class SeedData(StoredFiles files, ResumeFile resume)
{
    private const int FaultsNamed = 3;

    private Torrent Torrent => files.Torrent;

    private string DataPath => files.Folder.FullPath(Torrent.Name);

    /// <summary>Whether a wanted file is missing or too short.</summary>
    public bool HasMissingFiles
    {
        get
        {
            for (int file = 0; file < Torrent.Files.Count; file++)
            {
                if (files.IsWanted(file) && files.LengthOnDisk(file) < Torrent.Files[file].Length)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Whether all wanted files exist with the right length.</summary>
    public bool HasAllLengths
    {
        get
        {
            for (int file = 0; file < Torrent.Files.Count; file++)
            {
                if (files.IsWanted(file) && files.LengthOnDisk(file) != Torrent.Files[file].Length)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Creates a record that all pieces are complete, with the current sizes and times of the files.</summary>
    public ResumeRecord MakeRecord()
    {
        Bitfield all = new(Torrent.PieceCount);
        for (int piece = 0; piece < Torrent.PieceCount; piece++)
            all.Add(piece);
        return resume.MakeRecord(all, flushed: true);
    }

    /// <summary>Whether all files have the sizes and times of a record in which all pieces were complete.</summary>
    public bool IsUnchangedSince(ResumeRecord record)
    {
        if (!record.Have.IsFull || !record.Selection.AsSpan().SequenceEqual(resume.Selection()))
            return false;
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (files.IsWanted(file) && resume.SizeAndTime(file) != (record.Sizes[file], record.Times[file]))
                return false;
        }

        return true;
    }

    /// <summary>Describes the errors in data that should be complete, file by file for the first few.</summary>
    /// <param name="have">The correct pieces; null if nothing was hashed because files are missing or too short.</param>
    public string DescribeFaults(Bitfield? have)
    {
        if (!File.Exists(DataPath) && !Directory.Exists(DataPath))
            return $"'{DataPath}' does not exist. Name the folder that '{Torrent.Name}' is in.";
        List<string> faults = [];
        int more = 0;
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!files.IsWanted(file) || FaultOf(file, have) is not { } fault)
                continue;
            if (faults.Count < FaultsNamed)
                faults.Add($"'{Torrent.Files[file].Path}' {fault}");
            else
                more++;
        }

        string rest = more == 0 ? "" : more == 1 ? ", and 1 more file is wrong" : string.Create(CultureInfo.InvariantCulture, $", and {more} more files are wrong");
        return $"'{DataPath}' is not what the torrent describes: {string.Join(", ", faults)}{rest}.";
    }

    private string? FaultOf(int file, Bitfield? have)
    {
        long length = Torrent.Files[file].Length, present = files.LengthOnDisk(file);
        if (present < 0)
            return Directory.Exists(files.PathOf(file)) ? "is a folder" : "is missing";
        if (present < length)
            return string.Create(CultureInfo.InvariantCulture, $"has {present} of {length} bytes");
        if (have is null)
            return null;
        (int first, int last) = files.Layout.PiecesOf(file);
        int bad = 0;
        for (int piece = first; piece <= last; piece++)
            bad += have[piece] ? 0 : 1;
        return bad == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"differs in {bad} of {last - first + 1} pieces");
    }
}
