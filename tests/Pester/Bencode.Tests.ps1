#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    function ConvertTo-Latin1 { param([byte[]] $Bytes) [System.Text.Encoding]::Latin1.GetString($Bytes) }
    function ConvertFrom-Latin1 { param([string] $Text) , [System.Text.Encoding]::Latin1.GetBytes($Text) }
    $path = Join-Path $TestDrive 'x.torrent'
    [System.IO.File]::WriteAllBytes((Join-Path $TestDrive 'data'), [byte[]](1..200))
    $null = New-Torrent (Join-Path $TestDrive 'data') -Destination $path -Tracker http://t.example/announce
    $bytes = [System.IO.File]::ReadAllBytes($path)
}

Describe 'ConvertFrom-Bencode' {
    It 'reads a file: <Name>' -ForEach @(
        @{ Name = '-Path'; Script = { ConvertFrom-Bencode $path } }
        @{ Name = 'wildcards'; Script = { ConvertFrom-Bencode (Join-Path $TestDrive '*.torrent') } }
        @{ Name = '-LiteralPath'; Script = { ConvertFrom-Bencode -LiteralPath $path } }
        @{ Name = 'a path from the pipeline'; Script = { $path | ConvertFrom-Bencode } }
        @{ Name = 'a file from the pipeline'; Script = { Get-Item $path | ConvertFrom-Bencode } }
        @{ Name = 'bytes'; Script = { ConvertFrom-Bencode -InputObject $bytes } }
        @{ Name = 'bytes from the pipeline'; Script = { $bytes | ConvertFrom-Bencode } }
        @{ Name = 'an array of bytes from the pipeline'; Script = { , $bytes | ConvertFrom-Bencode } }
        @{ Name = 'Get-Content -AsByteStream'; Script = { Get-Content $path -AsByteStream | ConvertFrom-Bencode } }
        @{ Name = 'Get-Content -AsByteStream -Raw'; Script = { Get-Content $path -AsByteStream -Raw | ConvertFrom-Bencode } }
    ) {
        $torrent = & $Script
        $torrent | Should -BeOfType System.Collections.Specialized.OrderedDictionary
        $torrent.info.name | Should -BeOfType TorrentPS.Engine.Bencoding.ByteString
        $torrent.info.name -eq 'data' | Should -BeTrue
        'data' -eq $torrent.info.name | Should -BeTrue
        "$($torrent.announce)" | Should -Be 'http://t.example/announce'
        $torrent.info.length | Should -BeOfType long
        $torrent.info.pieces.Bytes.Length | Should -Be 20
        ConvertTo-Latin1 ($torrent | ConvertTo-Bencode) | Should -BeExactly (ConvertTo-Latin1 $bytes)
    }

    It 'gives the same bytes again: <_>' -ForEach @(
        'i0e', 'i-1e', 'i99999999999999999999999999e', '0:', '3:\xff\0x', 'le', 'li1ee', 'lleli1eee', 'de', 'd0:0:e', 'd1:\xffi1ee', 'd1:bi1e1:ai2ee', 'd1:Ai1e1:ai2ee'
    ) {
        # Names of tests are written to XML, which cannot have all of these bytes.
        $text = [regex]::Unescape($_)
        ConvertTo-Latin1 (ConvertTo-Bencode -InputObject (ConvertFrom-Bencode -InputObject (ConvertFrom-Latin1 $text))) | Should -BeExactly $text
    }

    It 'refuses <Data> at byte <Byte>' -ForEach @(
        @{ Data = 'hello'; Byte = 0 }
        @{ Data = 'd1:ai1e1:ai2ee'; Byte = 7 }
        @{ Data = 'i1ei2e'; Byte = 3 }
        @{ Data = '5:abc'; Byte = 0 }
    ) {
        ConvertFrom-Bencode -InputObject (ConvertFrom-Latin1 $Data) -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidBencode,TorrentPS.Commands.ConvertFromBencodeCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $failed[0].Exception.Message | Should -Match "^InvalidBencode: .*\(byte $Byte\)"
    }

    It 'names the file, and continues with the next' {
        $found = ConvertFrom-Bencode (Join-Path $TestDrive 'data'), (Join-Path $TestDrive 'none'), $path -ErrorVariable failed -ErrorAction SilentlyContinue
        $found.Count | Should -Be (ConvertFrom-Bencode $path).Count
        $failed[0].Exception.Message | Should -Match ([regex]::Escape((Join-Path $TestDrive 'data')))
        $failed[1].FullyQualifiedErrorId | Should -BeLike 'TorrentNotFound,*'
    }

    It 'shows byte strings as text, and others as digits' {
        (ConvertFrom-Bencode -InputObject (ConvertFrom-Latin1 '5:hello') | Out-String).Trim() | Should -Be 'hello'
        (ConvertFrom-Bencode -InputObject (ConvertFrom-Latin1 "2:`u{ff}`0") | Out-String).Trim() | Should -Be '0xff00'
        (ConvertFrom-Bencode -InputObject (ConvertFrom-Latin1 "3:a`u{1b}b") | Out-String).Trim() | Should -BeExactly 'a\u001bb'
    }
}

Describe 'ConvertTo-Bencode' {
    It 'writes <Name>' -ForEach @(
        @{ Name = 'a hashtable'; Value = @{ c = [byte[]](65, 66); a = 'x' }; Expected = 'd1:a1:x1:c2:ABe' }
        @{ Name = 'an ordered dictionary'; Value = [ordered]@{ b = 1; a = 'x' }; Expected = 'd1:a1:x1:bi1ee' }
        @{ Name = 'an object'; Value = [pscustomobject]@{ b = 1KB; a = [pscustomobject]@{ x = 'y' } }; Expected = 'd1:ad1:x1:ye1:bi1024ee' }
        @{ Name = 'an array'; Value = @(1, @(2, @()), 'x'); Expected = 'li1eli2elee1:xe' }
        @{ Name = 'numbers'; Value = @(1L, 2.0, [bigint]::Parse('99999999999999999999'), $true, [byte]5); Expected = 'li1ei2ei99999999999999999999ei1ei5ee' }
        @{ Name = 'bytes'; Value = @(, [byte[]](65, 66)); Expected = 'l2:ABe' }
        @{ Name = 'text'; Value = 'text'; Expected = '4:text' }
        @{ Name = 'no text'; Value = ''; Expected = '0:' }
    ) {
        $written = ConvertTo-Bencode -InputObject $Value
        ConvertTo-Latin1 $written | Should -BeExactly $Expected
    }

    It 'writes one array of bytes per value' {
        $written = @('a', 1 | ConvertTo-Bencode)
        $written.Count | Should -Be 2
        , $written[0] | Should -BeOfType byte[]
    }

    It 'refuses <Name>' -ForEach @(
        @{ Name = 'null'; Value = @{ a = @(1, $null) }; Message = "'a[1]' is null" }
        @{ Name = 'a fraction'; Value = 1.5; Message = 'whole numbers' }
        @{ Name = 'a date'; Value = [datetime]::Now; Message = 'System.DateTime' }
        @{ Name = 'a key that is a number'; Value = @{ 1 = 1 }; Message = 'keys are strings or bytes' }
    ) {
        ConvertTo-Bencode -InputObject $Value -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidBencode,TorrentPS.Commands.ConvertToBencodeCommand'
        $failed[0].Exception.Message | Should -Match ([regex]::Escape($Message))
    }
}
