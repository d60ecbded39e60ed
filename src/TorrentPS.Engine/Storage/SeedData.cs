using System.Globalization;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>Data that is there to be uploaded: whether it is still what it was, and what is wrong with it.</summary>
internal sealed class SeedData(StoredFiles files, ResumeFile resume)
{
    private const int FaultsNamed = 3;

    private Torrent Torrent => files.Torrent;

    private string DataPath => files.Folder.FullPath(Torrent.Name);

    /// <summary>Whether a wanted file is missing, or shorter than it must be.</summary>
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

    /// <summary>Whether all wanted files are there and as long as they must be.</summary>
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

    /// <summary>A record that all pieces are there, in files as they are now.</summary>
    public ResumeRecord MakeRecord()
    {
        Bitfield all = new(Torrent.PieceCount);
        for (int piece = 0; piece < Torrent.PieceCount; piece++)
            all.Add(piece);
        return resume.MakeRecord(all, flushed: true);
    }

    /// <summary>Whether all files are as long and as old as a record says, and all pieces were there.</summary>
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

    /// <summary>Says what is wrong with data that should be complete, file by file for the first few.</summary>
    /// <param name="have">The pieces that are right; null when nothing was hashed because of files that are missing or too short.</param>
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
